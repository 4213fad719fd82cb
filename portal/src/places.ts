/** The places of work: which pages there are, for whom, and by which key one goes there (G, then the letter). */
import type { Component } from 'vue'
import { may, type Service } from '@/session/session'

export interface Place {
  name: string
  path: string
  title: string
  /** The second key after G; none for what is not in the top bar. */
  key?: string
  page: () => Promise<Component>
  /** Whether this person works here; everybody when it is left out. */
  open?: () => boolean
  /** Which of the counts stands beside the title. */
  count?: string
}

/** Whoever may do one of these keeps the platform going; who only reads deliveries or the calendar does not. */
const KEEPERS: readonly [Service, string][] = [
  ['intake', 'list_quarantined'],
  ['dispatch', 'list_parked'],
  ['dispatch', 'list_accounts'],
  ['dispatch', 'change_unit'],
  ['sla', 'list_rules'],
]

export const PLACES: readonly Place[] = [
  { name: 'today', path: '/', title: '今日', key: 't', page: () => import('@/today/TodayPage.vue') },
  { name: 'desk', path: '/desk/:order?', title: '派单台', key: 'd', count: 'to_assign', page: () => import('@/desk/DeskPage.vue'), open: () => may('dispatch', 'assign_order') },
  { name: 'handling', path: '/handling/:order?', title: '办理台', key: 'b', count: 'new', page: () => import('@/handling/HandlingPage.vue'), open: () => may('dispatch', 'accept_order') },
  {
    name: 'review',
    path: '/review/:reply?',
    title: '审阅台',
    key: 'v',
    page: () => import('@/review/ReviewPage.vue'),
    open: () => may('review', 'approve_reply') || may('review', 'approve_as_leader'),
    get count() {
      return may('review', 'approve_as_leader') ? 'leader_review' : 'centre_review'
    },
  },
  { name: 'deadlines', path: '/deadlines/:board?', title: '时限', key: 'l', page: () => import('@/deadlines/DeadlinesPage.vue'), open: () => may('sla', 'show_board') },
  { name: 'revisits', path: '/revisits/:order?', title: '回访', key: 'h', page: () => import('@/revisits/RevisitsPage.vue'), open: () => may('intake', 'retry_delivery') },
  { name: 'orders', path: '/orders', title: '工单库', key: 'o', page: () => import('@/orders/OrdersPage.vue'), open: () => may('dispatch', 'list_orders') },
  { name: 'figures', path: '/figures', title: '统计', key: 'f', page: () => import('@/figures/FiguresPage.vue'), open: () => may('analytics', 'weekly_figures') },
  { name: 'wall', path: '/wall', title: '大屏', key: 'w', page: () => import('@/wall/WallPage.vue'), open: () => may('sla', 'stream_breaches') },
  { name: 'order', path: '/orders/:order', title: '工单', page: () => import('@/order/OrderPage.vue') },
  { name: 'operations', path: '/operations/:part?', title: '运维', key: 'x', page: () => import('@/operations/OperationsPage.vue'), open: () => KEEPERS.some(([service, operation]) => may(service, operation)) },
  { name: 'help', path: '/help', title: '怎么用', page: () => import('@/help/HelpPage.vue') },
  { name: 'settings', path: '/settings', title: '设置', page: () => import('@/session/SettingsPage.vue') },
]

/** The pages of the top bar that this person has. */
export function placesOfPerson(): Place[] {
  return PLACES.filter((place) => place.key !== undefined && (place.open?.() ?? true))
}
