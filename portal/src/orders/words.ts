/** Chinese words for the filters of the order library. */
export const STATUSES = [
  { value: 'triage', name: '待研判' },
  { value: 'consult', name: '会商研判' },
  { value: 'assigned', name: '已交办待认领' },
  { value: 'handling', name: '办理中' },
  { value: 'return_pending', name: '回退待审' },
  { value: 'leader_review', name: '单位领导审阅' },
  { value: 'centre_review', name: '中心审核' },
  { value: 'rework', name: '退回重办' },
  { value: 'awaiting_feedback', name: '审核通过待反馈' },
  { value: 'planned', name: '列入计划跟踪' },
  { value: 'revisit', name: '已反馈待回访' },
  { value: 'closed', name: '办结归档' },
  { value: 'cancelled', name: '已撤单' },
] as const
export const GROUPS = [
  { value: 'overdue', name: '超期' },
  { value: 'due_today', name: '今日到期' },
  { value: 'urgent', name: '特殊紧急' },
  { value: 'urged', name: '已催办' },
  { value: 'changed', name: '上级已变更、尚未答复' },
  { value: 'returns', name: '回退待审' },
  { value: 'sent_back', name: '退回重办' },
  { value: 'return_rejected', name: '回退被驳回' },
  { value: 'centre_review', name: '待中心审核' },
  { value: 'with_upstream', name: '待反馈、待回访' },
  { value: 'planned', name: '列入计划' },
] as const
export const PLATFORMS = [
  { value: 'city_12345', name: '市12345平台' },
  { value: 'city_enterprise', name: '市政企通' },
  { value: 'province_12345', name: '省12345平台' },
  { value: 'province_enterprise', name: '省接诉即办' },
  { value: 'national_inspection', name: '互联网督查' },
  { value: 'national_portal', name: '国家政务网' },
  { value: 'national_message', name: '中国政府网留言' },
] as const
export const ANSWERS = [
  { value: 'yes', name: '是' },
  { value: 'no', name: '否' },
] as const
/** How far an order is, as intake has it. */
export const STATES: Readonly<Record<string, string>> = {
  received: '已受理',
  assigned: '已交办',
  approved: '审核通过',
  fed_back: '已反馈',
  closed: '办结',
  cancelled: '已撤单',
}
export const KINDS: Readonly<Record<string, string>> = { number: '编号', words: '词语', phone: '电话号码' }
