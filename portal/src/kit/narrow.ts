/** Whether the screen is too narrow for a list and what is chosen in it side by side, as SplitPage has it. */
import { onScopeDispose, ref, type Ref } from 'vue'

export function useNarrow(): Readonly<Ref<boolean>> {
  const query = window.matchMedia('(max-width: 900px)')
  const narrow = ref(query.matches)
  const changed = (): void => {
    narrow.value = query.matches
  }
  query.addEventListener('change', changed)
  onScopeDispose(() => {
    query.removeEventListener('change', changed)
  })
  return narrow
}
