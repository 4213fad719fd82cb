/** What may be attached.  Checked before the upload, so that nobody waits for a refusal; the platform checks again. */

export const MOST_FILES = 20
const MOST_BYTES = 20 * 1024 * 1024
const MOST_TOGETHER = 100 * 1024 * 1024
const KINDS = ['jpg', 'jpeg', 'png', 'webp', 'pdf', 'ofd', 'docx', 'xlsx', 'pptx', 'txt', 'csv', 'mp3', 'wav', 'm4a', 'amr', 'mp4']
export const ACCEPTED = KINDS.map((kind) => `.${kind}`).join(',')

interface Named {
  name: string
  size: number
}

export function sizeWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`
}

/** Why a file cannot be attached; undefined when it can. */
export function unfit(file: Named): string | undefined {
  const kind = file.name.split('.').pop()?.toLowerCase() ?? ''
  if (!KINDS.includes(kind)) return `${file.name}：不接收这种文件，请另存为 PDF、图片或 docx、xlsx 后再加`
  if (file.size === 0) return `${file.name}：文件是空的，请检查`
  if (file.size > MOST_BYTES) return `${file.name}：${sizeWords(file.size)}，超过每个 20 MB，请压缩或分开`
  return undefined
}

/** Why these files cannot go together; undefined when they can. */
export function tooMany(files: readonly Named[]): string | undefined {
  if (files.length > MOST_FILES) return `最多 ${MOST_FILES} 个文件，现有 ${files.length} 个`
  const together = files.reduce((sum, file) => sum + file.size, 0)
  return together > MOST_TOGETHER ? `合计 ${sizeWords(together)}，超过 100 MB，请减少` : undefined
}
