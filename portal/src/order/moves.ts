/** What can be done with an order, and on which page it is done. */

export const MOVES: Readonly<Record<string, string>> = {
  assign: '交办',
  reassign: '改派',
  accept: '认领',
  contact: '登记联系记录',
  note: '登记办理进度',
  request_return: '申请回退',
  accept_return: '同意回退',
  reject_return: '驳回回退',
  call_panel: '提请研判小组',
  submit: '提交答复',
}

const AT_HANDLING = new Set(['accept', 'contact', 'note', 'request_return', 'submit'])

/** The page where a move is made; undefined where it is made elsewhere. */
export function placeOf(move: string, status: string): { name: string; query: Record<string, string> } | undefined {
  if (AT_HANDLING.has(move)) return { name: 'handling', query: { form: move } }
  if (move === 'accept_return' || move === 'reject_return') return { name: 'desk', query: { tab: 'returns' } }
  if (move === 'reassign' || (move === 'assign' && status !== 'consult')) return { name: 'desk', query: {} }
  if (move === 'assign') return { name: 'desk', query: { tab: 'consult' } }
  return undefined
}
