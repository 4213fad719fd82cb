/** The columns of the handling desk, as the platform groups a unit's orders. */

export type Group = 'new' | 'to_contact' | 'in_progress' | 'sent_back'

export const GROUPS: readonly { value: Group; name: string; empty: string }[] = [
  { value: 'new', name: '待认领', empty: '没有待认领的工单。中心交办后会出现在这里。' },
  { value: 'to_contact', name: '待联系', empty: '没有待联系的工单。认领后还没有有效联系的会出现在这里。' },
  { value: 'in_progress', name: '办理中', empty: '没有在办的工单。' },
  { value: 'sent_back', name: '退回重办', empty: '没有退回重办的工单。审核退回和上级要求重办的会出现在这里。' },
]
