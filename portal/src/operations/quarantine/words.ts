/** Chinese words for what a quarantined request is and why it is there. */

type Words = Readonly<Record<string, string>>

export const CHANNELS = [
  { value: 'city_12345', name: '市12345平台' },
  { value: 'city_enterprise', name: '市政企通' },
  { value: 'province_12345', name: '省12345平台' },
  { value: 'province_enterprise', name: '省接诉即办' },
  { value: 'national_inspection', name: '互联网督查' },
  { value: 'national_portal', name: '国家政务网' },
  { value: 'national_message', name: '中国政府网留言' },
] as const
export type ChannelCode = (typeof CHANNELS)[number]['value']

export function channelName(code: string): string {
  return CHANNELS.find((channel) => channel.value === code)?.name ?? `未知渠道 ${code}`
}

export function isChannel(code: string): boolean {
  return CHANNELS.some((channel) => channel.value === code)
}

export const KINDS: Words = { orders: '工单', cancellations: '撤单', urges: '催办', revisits: '回访', redos: '重办' }

export const STATES: Words = { waiting: '待处理', released: '已放行', dropped: '已丢弃', overtaken: '已被更新取代' }

const REASONS: Words = {
  invalid: '内容不合要求',
  undecodable: '不是一个 JSON 对象',
  not_finite: '有不是数值的数',
  too_many_unknown_fields: '不认识的字段太多',
  bad_field_name: '字段名不合要求',
  not_json: '不是有效的 JSON',
  not_an_object: '最外层不是 JSON 对象',
  repeated_field: '有字段出现两次',
  unknown_channel: '推送地址中的渠道不认识',
  wrong_encoding: '不是 UTF-8 编码',
}
const FAULTS: Words = {
  missing: '缺少',
  wrong_moment: '时间写法不对：',
  wrong_type: '类型不对：',
  too_long: '过长：',
  too_short: '过短：',
  repeated_field: '出现两次：',
  unknown_field: '不认识：',
  absurd_date: '日期不合理：',
  before_call: '早于来电时间：',
  due_too_far: '期限太远：',
  due_before_start: '期限早于开始：',
  not_json: 'JSON 有误',
  unknown_channel: '渠道不认识',
}

/** The cause of a group in words: `invalid: missing callerPhone` is 内容不合要求：缺少 callerPhone. */
export function causeWords(cause: string): string {
  const [reason = '', ...rest] = cause.split(': ')
  const said = REASONS[reason] ?? reason
  const faults = rest.join(': ').split(', ').filter((part) => part !== '').map((part) => {
    const [code = '', ...place] = part.split(' ')
    const words = FAULTS[code]
    if (words === undefined) return part
    return `${words}${words.endsWith('：') || place.length === 0 ? '' : ' '}${place.join(' ')}`
  })
  return faults.length === 0 ? said : `${said}：${faults.join('；')}`
}

/** Bytes as operators read them: offset, sixteen bytes, and the characters among them. */
export function hexOf(bytes: Uint8Array, most = 1024): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const part = [...bytes.slice(at, at + 16)]
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const shown = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${shown}`)
  }
  if (bytes.length > most) lines.push(`…（共 ${bytes.length} 字节，只显示前 ${most} 字节）`)
  return lines.join('\n')
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}

/** The text as the old Chinese encoding has it, when it can be read so; upstreams sometimes send it by mistake. */
export function asGb18030(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
