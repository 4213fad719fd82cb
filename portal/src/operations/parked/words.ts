/** Chinese words for why an event is parked. */
export const REASONS: Readonly<Record<string, string>> = {
  undecodable: '不能解码',
  invalid: '不合约定',
  refused: '规则不允许',
  failed: '处理失败',
  gap: '缺前一个事件',
  behind: '排在同一对象的事件之后',
}
export const STATES: Readonly<Record<string, string>> = { waiting: '待处理', replayed: '已重放', dropped: '已放弃' }

/** UTF-8 as base64, as the API takes bytes. */
export function base64Of(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

/** The text of the bytes, when they are UTF-8. */
export function textOf(base64: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)))
  } catch {
    return undefined
  }
}
