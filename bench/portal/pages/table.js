/** el-table of Element Plus. */
import { ElTable, ElTableColumn } from 'element-plus'
import 'element-plus/es/components/table/style/css'
import { h } from 'vue'
import { COLUMNS } from './cells.js'
import { page } from './page.js'

page({
  props: ['rows'],
  render() {
    const columns = () => COLUMNS.map(({ key, title, width, of }) => h(ElTableColumn, { key, label: title, width, showOverflowTooltip: false }, { default: ({ row }) => of(row) }))
    return h(ElTable, { data: this.rows, height: 700, rowKey: 'order_id' }, { default: columns })
  },
})
