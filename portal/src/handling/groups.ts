/** The columns of the handling desk, as the platform groups a unit's orders. */

export type Group = 'new' | 'to_contact' | 'in_progress' | 'sent_back' | 'returns' | 'return_rejected'

export const GROUPS: readonly { value: Group; name: string; empty: string }[] = [
  { value: 'new', name: '待认领', empty: '没有待认领的工单。中心交办后会出现在这里。' },
  { value: 'to_contact', name: '待联系', empty: '没有待联系的工单。认领后还没有有效联系的会出现在这里。' },
  { value: 'in_progress', name: '办理中', empty: '没有在办的工单。' },
  { value: 'sent_back', name: '退回重办', empty: '没有退回重办的工单。审核退回和上级要求重办的会出现在这里。' },
  { value: 'returns', name: '待中心决定回退', empty: '没有等中心决定的回退。本单位申请回退后会出现在这里。' },
  { value: 'return_rejected', name: '回退被驳回', empty: '没有被驳回的回退。中心驳回回退的工单会带着理由出现在这里，由本单位办理。' },
]
