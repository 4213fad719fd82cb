/** What waits for whom, and where it is done: the tiles of the page of today. */

export interface Tile {
  /** The platform's name of the group that is counted. */
  group: string
  title: string
  /** Where it is done: the name of a place, and what is asked of it. */
  place: string
  query: Readonly<Record<string, string>>
  /** Which part of the place, where its address names one. */
  part?: string
  /** Colour and mark: what is late, what is due, what is work. */
  tone: 'breach' | 'today' | 'work'
  roles: readonly string[]
}

const DESK = ['dispatcher', 'centre_head']
const UNIT = ['caseworker']
const UNIT_ALL = ['caseworker', 'unit_deputy', 'unit_head']

export const TILES: readonly Tile[] = [
  { group: 'to_assign', title: '待研判', place: 'desk', query: {}, tone: 'work', roles: DESK },
  { group: 'consult', title: '会商研判', place: 'desk', query: { tab: 'consult' }, tone: 'work', roles: DESK },
  { group: 'returns', title: '回退待审', place: 'desk', query: { tab: 'returns' }, tone: 'work', roles: DESK },
  { group: 'new', title: '待认领', place: 'handling', query: {}, tone: 'work', roles: UNIT },
  { group: 'to_contact', title: '待联系', place: 'handling', query: { group: 'to_contact' }, tone: 'work', roles: UNIT },
  { group: 'in_progress', title: '办理中', place: 'handling', query: { group: 'in_progress' }, tone: 'work', roles: UNIT },
  { group: 'sent_back', title: '退回重办', place: 'handling', query: { group: 'sent_back' }, tone: 'today', roles: UNIT },
  { group: 'return_rejected', title: '回退被驳回', place: 'handling', query: { group: 'return_rejected' }, tone: 'today', roles: UNIT },
  { group: 'returns', title: '待中心决定回退', place: 'handling', query: { group: 'returns' }, tone: 'work', roles: UNIT },
  { group: 'leader_review', title: '待本单位审阅', place: 'review', query: {}, tone: 'work', roles: ['unit_head'] },
  { group: 'centre_review', title: '待中心审核', place: 'review', query: {}, tone: 'work', roles: ['reviewer', 'centre_head'] },
  { group: 'with_upstream', title: '待反馈、待回访', place: 'revisits', query: {}, tone: 'work', roles: ['revisitor', 'centre_head'] },
  { group: 'urgent', title: '特殊紧急', place: 'orders', query: { urgent: 'true' }, tone: 'today', roles: [...DESK, ...UNIT_ALL, 'office', 'leader'] },
  { group: 'due_today', title: '今日到期', place: 'deadlines', query: {}, part: 'due-today', tone: 'today', roles: [...DESK, ...UNIT_ALL, 'office', 'leader', 'reviewer', 'revisitor'] },
  { group: 'overdue', title: '超期', place: 'deadlines', query: {}, part: 'overdue', tone: 'breach', roles: [...DESK, ...UNIT_ALL, 'office', 'leader', 'reviewer', 'revisitor', 'analyst'] },
  { group: 'urged', title: '上级已催办', place: 'orders', query: { urged: 'true' }, tone: 'today', roles: [...DESK, ...UNIT_ALL] },
  { group: 'changed', title: '诉求有变、尚未答复', place: 'orders', query: {}, tone: 'today', roles: UNIT_ALL },
]

/** The tiles of these roles. */
export function tilesOf(roles: readonly string[]): readonly Tile[] {
  return TILES.filter((tile) => tile.roles.some((role) => roles.includes(role)))
}
