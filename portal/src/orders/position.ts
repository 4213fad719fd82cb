/** Which order of the library was looked at last, so that one who comes back from it stands where he was. */
import { ref } from 'vue'

export const lastShown = ref<string>()
