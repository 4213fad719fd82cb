/** The numbers of a rule set in words, and as a form changes them. */
import { dayKey, momentWords } from '@/kit/moment'

interface RuleWords {
  title: string
  /** Under which heading it stands. */
  part: (typeof PARTS)[number]
}

export const PARTS = ['办理时限', '当日事项', '回退、会商与延期', '督办', '签批链', '上下班与提醒'] as const

const RULES: Readonly<Record<string, RuleWords>> = {
  final: { title: '办结', part: '办理时限' },
  final_enterprise: { title: '涉企快办办结', part: '办理时限' },
  first_reply: { title: '涉企快办首次答复', part: '办理时限' },
  caller_reply: { title: '紧急工单回复来电人', part: '办理时限' },
  review_turnaround: { title: '中心审核', part: '办理时限' },
  revisit: { title: '回访', part: '办理时限' },
  plan: { title: '列入计划的最长期限', part: '办理时限' },
  first_contact: { title: '首次联系', part: '当日事项' },
  first_contact_warn: { title: '首次联系提前提醒', part: '当日事项' },
  same_day_dispatch: { title: '当日派单（自接收）', part: '当日事项' },
  determined_dispatch: { title: '当日派单（自确定单位）', part: '当日事项' },
  accept: { title: '认领', part: '当日事项' },
  accept_warn: { title: '认领提前提醒', part: '当日事项' },
  progress_note: { title: '登记办理进度', part: '当日事项' },
  return_window: { title: '申请回退的期限', part: '回退、会商与延期' },
  returns_to_panel: { title: '回退几次提交研判小组', part: '回退、会商与延期' },
  consult: { title: '会商', part: '回退、会商与延期' },
  consult_panel: { title: '研判小组研判', part: '回退、会商与延期' },
  extension_most: { title: '一次延期最多', part: '回退、会商与延期' },
  extension_times: { title: '最多延期几次', part: '回退、会商与延期' },
  redos_before_supervision: { title: '重办几次列入督办', part: '督办' },
  concentration_top: { title: '集中诉求取前几名', part: '督办' },
  concentration_weeks: { title: '集中诉求连续几周', part: '督办' },
  chain_centre: { title: '中心', part: '签批链' },
  chain_office: { title: '区府办', part: '签批链' },
  chain_deputy_leader: { title: '分管区领导', part: '签批链' },
  chain_head_leader: { title: '主要区领导', part: '签批链' },
  chain_seal: { title: '用印', part: '签批链' },
  work_from: { title: '上班', part: '上下班与提醒' },
  work_until: { title: '下班', part: '上下班与提醒' },
  quiet_from: { title: '免打扰自', part: '上下班与提醒' },
  quiet_until: { title: '免打扰至', part: '上下班与提醒' },
  quiet_rest_days: { title: '休息日不提醒（紧急除外）', part: '上下班与提醒' },
  digest_above: { title: '一次超过几条合并提醒', part: '上下班与提醒' },
  red_daily_at: { title: '超期的每日提醒', part: '上下班与提醒' },
}

/** The title of a rule; one that a newer platform has shows its name. */
export function titleOf(name: string): string {
  return RULES[name]?.title ?? name
}

export function partOf(name: string): (typeof PARTS)[number] {
  return RULES[name]?.part ?? '上下班与提醒'
}

export interface SameDay {
  warn_at: string
  cut_off: string | null
  next_day_until: string
}
interface Counted {
  count: number
  warning: number
}

export function isSameDay(value: unknown): value is SameDay {
  return typeof value === 'object' && value !== null && 'warn_at' in value
}
export function isCounted(value: unknown): value is Counted {
  return typeof value === 'object' && value !== null && 'count' in value
}

/** A value as people say it: 3 个工作日，剩 1 个工作日时预警. */
export function valueWords(measure: string, value: unknown): string {
  if (isSameDay(value)) {
    const later = value.cut_off === null ? '' : `，${value.cut_off} 之后开始的到次日 ${value.next_day_until}`
    return `当日 24:00${later}；${value.warn_at} 预警`
  }
  if (isCounted(value)) {
    const warned = value.warning === 0 ? '不预警' : measure === '小时' ? `过 ${value.warning}% 时预警` : `剩 ${value.warning} 个工作日时预警`
    return `${countWords(measure, value.count)}，${warned}`
  }
  if (value === 'yes' || value === 'no') return value === 'yes' ? '是' : '否'
  return typeof value === 'number' ? countWords(measure, value) : String(value)
}

/** A moment with its year: a rule set often begins in the next one. */
export function startWords(at: string): string {
  return `${dayKey(Date.parse(at)).slice(0, 4)}年${momentWords(at)}`
}

function countWords(measure: string, count: number): string {
  return measure === '工作日' || measure === '小时' ? `${count} 个${measure}` : `${count} ${measure}`
}
