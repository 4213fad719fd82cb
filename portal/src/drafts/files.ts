/** The files of a form, which no draft keeps: a draft keeps their names, so that nobody sends a form without them unawares. */
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'

export interface DraftFiles {
  files: Ref<File[]>
  /** The names of files that were chosen before and are not here any more. */
  left: ComputedRef<readonly string[]>
  /** What is wrong with sending the form without them, once it was tried. */
  fault: ComputedRef<string | undefined>
  /** The person does without them. */
  dismiss: () => void
  /** Whether the form may go: the first time without the files it may not, and says so. */
  agreed: () => boolean
}

/** `fields.file_names` is the part of the draft that keeps the names. */
export function useDraftFiles(fields: { file_names: string[] }): DraftFiles {
  const files = ref<File[]>([])
  const isAsked = ref(false)
  const left = computed(() => (files.value.length === 0 ? fields.file_names : []))
  watch(
    files,
    (chosen) => {
      fields.file_names = chosen.map((file) => file.name)
      isAsked.value = false
    },
    { flush: 'sync' },
  )
  return {
    files,
    left,
    fault: computed(() => (isAsked.value && left.value.length > 0 ? '上次选择的附件还没有重新选择，仍要提交？' : undefined)),
    dismiss: () => {
      fields.file_names = []
      isAsked.value = false
    },
    agreed: () => {
      if (left.value.length === 0 || isAsked.value) return true
      isAsked.value = true
      return false
    },
  }
}
