/** The parts of 运维: which there are, and for whom. */
import { defineAsyncComponent, type Component } from 'vue'
import { may, type Service } from '@/session/session'

export const SERVICES: readonly { name: Service; title: string }[] = [
  { name: 'intake', title: '受理' },
  { name: 'dispatch', title: '派单' },
  { name: 'sla', title: '时限' },
  { name: 'review', title: '审核' },
  { name: 'analytics', title: '统计' },
]

/** The topics of the event bus. */
const TOPICS: Readonly<Record<string, string>> = { orders: '工单', directory: '目录与规则', 'sla-breaches': '超期播报', 'dead-letters': '暂存告警' }

/** What a topic is called; one that a newer platform has shows its name. */
export function topicOf(name: string): string {
  return TOPICS[name] ?? name
}

export interface Part {
  name: string
  title: string
  page: Component
  open: () => boolean
}

export const PARTS: readonly Part[] = [
  { name: 'quarantine', title: '隔离区', page: defineAsyncComponent(() => import('@/operations/quarantine/QuarantinePart.vue')), open: () => may('intake', 'list_quarantined') },
  { name: 'parked', title: '暂存事件', page: defineAsyncComponent(() => import('@/operations/parked/ParkedPart.vue')), open: () => may('dispatch', 'list_parked') },
  { name: 'deliveries', title: '反馈', page: defineAsyncComponent(() => import('@/operations/deliveries/DeliveriesPart.vue')), open: () => may('intake', 'list_deliveries') },
  { name: 'calendar', title: '日历', page: defineAsyncComponent(() => import('@/operations/calendar/CalendarPart.vue')), open: () => may('sla', 'calendar_year') },
  { name: 'rules', title: '规则', page: defineAsyncComponent(() => import('@/operations/rules/RulesPart.vue')), open: () => may('sla', 'list_rules') },
  { name: 'units', title: '单位与账号', page: defineAsyncComponent(() => import('@/operations/units/UnitsPart.vue')), open: () => may('dispatch', 'list_accounts') || may('dispatch', 'change_unit') },
  { name: 'health', title: '健康', page: defineAsyncComponent(() => import('@/operations/health/HealthPart.vue')), open: () => may('dispatch', 'get_clock') },
]

export function partsOfPerson(): Part[] {
  return PARTS.filter((part) => part.open())
}
