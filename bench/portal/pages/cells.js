/** What stands in a row, for the tables that are not ours; as words, which is less than ours shows. */
import { dueOf } from '@/kit/moment'
import { URGENT } from '@/labels'
import { NOW } from './orders.js'

export const COLUMNS = [
  { key: 'due', title: '时限', width: 140, of: (row) => dueOf(row.clock.due_at, NOW).words },
  { key: 'title', title: '标题', width: 520, of: (row) => `${row.urgent.map((kind) => URGENT[kind]).join('')}${row.redos > 0 ? '重办' : ''}${row.urges > 0 ? `催办 ${row.urges}` : ''}${row.title}` },
  { key: 'category', title: '类别', width: 110, of: (row) => row.category },
  { key: 'street', title: '街道', width: 90, of: (row) => row.street },
  { key: 'number', title: '编号', width: 150, of: (row) => row.platform_no },
]
