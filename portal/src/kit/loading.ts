/** Parts that are loaded when they are needed first: most pages are left before anybody opens them. */
import { defineAsyncComponent, h, shallowRef, type Component, type ShallowRef } from 'vue'
import { toast } from '@/kit/toasts'

/** Known to nobody before: a new portal has other files than the one that this tab was opened with. */
const GONE = '打不开：连不上平台，或者平台刚刚升级。已填写的内容仍在，请刷新页面后再试。'

/** A component of a page that comes a moment after the page, or says why it cannot. */
export function later<Part extends Component>(part: () => Promise<{ default: Part }>): Part {
  return defineAsyncComponent({ loader: async () => (await part()).default, errorComponent: () => h('p', { role: 'alert' }, GONE) })
}

/** A component of a control that its user opens. */
export function useLoaded<Part extends Component>(
  part: () => Promise<{ default: Part }>,
): { loaded: Readonly<ShallowRef<Part | undefined>>; prepare: () => void; load: () => Promise<boolean> } {
  const loaded = shallowRef<Part>()

  async function load(): Promise<boolean> {
    try {
      loaded.value ??= (await part()).default
      return true
    } catch {
      toast(GONE, { fault: true })
      return false
    }
  }

  return {
    loaded,
    /** It will soon be needed; if it cannot be had, that is said when it is. */
    prepare: () => {
      part().then(
        (found) => (loaded.value ??= found.default),
        () => undefined,
      )
    },
    /** Whether it is there now; the person is told when it cannot be had. */
    load,
  }
}
