/** The orders of every list, as the platform's API gives them. */
export const NOW = Date.parse('2026-11-26T21:51:00+08:00')

const URGENT = [[], [], [], ['livelihood'], ['policy'], ['safety']]
const CATEGORIES = ['供热问题', '停水问题', '占道经营', '噪声扰民', '物业管理']
const STREETS = ['黄海路街道', '滨海路街道', '初家街道', '莱山街道', '院格庄街道']

export function orders(count) {
  return Array.from({ length: count }, (_, nth) => ({
    order_id: `019b${String(nth).padStart(8, '0')}`,
    platform: 'city_12345',
    platform_no: `YT20261126${String(nth).padStart(6, '0')}`,
    level: 'municipal',
    category: CATEGORIES[nth % CATEGORIES.length],
    title: `枫林小区${nth}号楼暖气不热，多次联系供热公司未解决`,
    demand_version: 1,
    demand_changes: [],
    urgent: URGENT[nth % URGENT.length],
    street: STREETS[nth % STREETS.length],
    status: 'triage',
    status_title: '待研判',
    unit: null,
    first_unit: null,
    returns: 0,
    redos: nth % 17 === 0 ? 1 : 0,
    urges: nth % 13 === 0 ? 2 : 0,
    no_return: false,
    received_at: '2026-11-26T12:00:00Z',
    assigned_at: null,
    promised_at: null,
    ended_at: null,
    changed_at: null,
    due_at: '2026-11-27T16:00:00Z',
    clock: { clock_id: `c${nth}`, kind: 'final', title: '办结', due_at: new Date(NOW + ((nth * 37) % 200 - 40) * 3_600_000).toISOString(), state: 'running' },
  }))
}
