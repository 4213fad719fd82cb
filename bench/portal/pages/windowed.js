/** el-table-v2 of Element Plus, which draws only the rows in view. */
import { ElTableV2 } from 'element-plus'
import 'element-plus/es/components/table-v2/style/css'
import { h } from 'vue'
import { COLUMNS } from './cells.js'
import { page } from './page.js'

const columns = COLUMNS.map(({ key, title, width, of }) => ({ key, dataKey: key, title, width, cellRenderer: ({ rowData }) => h('span', of(rowData)) }))
page({
  props: ['rows'],
  render() {
    return h(ElTableV2, { columns, data: this.rows, width: 1010, height: 700, rowKey: 'order_id', rowHeight: 36 })
  },
})
