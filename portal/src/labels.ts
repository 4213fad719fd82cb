/** Chinese words for codes of the API that come without a title; docs/glossary.md has the terms. */

type Labels = Readonly<Record<string, string>>

export const URGENT: Labels = { policy: '政策咨询', livelihood: '民生紧急', safety: '安全紧急' }
export const LEVELS: Labels = { national: '国家级', provincial: '省级', municipal: '市级' }
export const BASES = [
  { value: 'duty', name: '职责' },
  { value: 'territory', name: '属地' },
  { value: 'industry', name: '行业' },
] as const
export const ROLES: Labels = {
  dispatcher: '派单员',
  reviewer: '审核员',
  revisitor: '回访员',
  analyst: '分析员',
  centre_head: '中心负责人',
  caseworker: '经办人',
  unit_deputy: '单位分管领导',
  unit_head: '单位主要领导',
  office: '区政府办公室',
  leader: '区领导',
  seat: '研判小组成员',
  assessor: '考核办',
  admin: '系统管理员',
  auditor: '审计员',
}
export const DISPOSITIONS = [
  { value: 'solved', name: '办结' },
  { value: 'out_of_scope', name: '不在受理范围' },
  { value: 'not_true', name: '不属实' },
  { value: 'explanation', name: '解释说明' },
  { value: 'planned', name: '列入计划' },
] as const
export const SATISFACTIONS = [
  { value: 'satisfied', name: '满意' },
  { value: 'mostly_satisfied', name: '基本满意' },
  { value: 'unsatisfied', name: '不满意' },
  { value: 'not_stated', name: '未表态' },
] as const
export const OUTCOMES: Labels = { reached: '接通', not_reached: '未接通', refused: '拒绝沟通' }
/** What stands behind a contact that does not count (S2.2.1b); a call too soon after another one in vain is no attempt of its own. */
export function uncounted(contact: { counts: boolean; separate: boolean }): string {
  if (contact.counts) return ''
  return contact.separate ? '（未计为有效联系）' : '（距上一次未接通不足 10 分钟，不另计一次）'
}
export const ROUND_STATES: Labels = {
  leader_review: '单位领导审阅',
  centre_review: '中心审核',
  approved: '审核通过',
  rejected: '中心退回',
  leader_rejected: '单位领导退回',
  void: '作废',
}
export const VOID_REASONS: Labels = { cancelled: '上级平台撤单', reassigned: '重新交办', reopened: '上级要求重办', superseded: '另有新的答复' }
export const SUPERVISION_CAUSES: Labels = { overdue: '超期未办', unsolved: '解决不力', refused: '拒不承办', concentrated: '反映问题集中' }
export const EXTENSION_GROUNDS: Labels = { legal: '法定程序所需', complex: '情况复杂' }
export const EXTENSION_STATES = [
  { value: 'requested', name: '待审批' },
  { value: 'granted', name: '已同意' },
  { value: 'refused', name: '已驳回' },
  { value: 'declined', name: '来电人不同意' },
] as const
export const DELIVERY_STATES: Labels = { waiting: '等待发送', sending: '正在发送', acked: '上级平台已收到', failed: '未送达，需人工重发', cancelled: '上级平台已撤单，不再发送' }
