/** The portal's own list with its own rows. */
import '@/kit/tokens.css'
import '@/kit/base.css'
import { h } from 'vue'
import RowList from '@/kit/RowList.vue'
import OrderRow from '@/order/OrderRow.vue'
import { NOW } from './orders.js'
import { page } from './page.js'

page({
  props: ['rows'],
  render() {
    const list = { label: '待研判', rows: this.rows, keyOf: (row) => row.order_id, chosen: this.rows[0]?.order_id, also: NOW }
    return h('div', { style: 'display: flex; height: 700px' }, h(RowList, list, { default: ({ row }) => h(OrderRow, { order: row, now: NOW }) }))
  },
})
