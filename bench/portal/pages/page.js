/** The same for every list: rows come, one of them changes, and the time until the browser has drawn it. */
import { createApp, h, nextTick, shallowRef } from 'vue'
import { orders } from './orders.js'

/** Until what has been drawn is on its way to the screen. */
const drawn = () =>
  new Promise((done) => {
    requestAnimationFrame(() => {
      const after = new MessageChannel()
      after.port1.onmessage = () => done()
      after.port2.postMessage(null)
    })
  })

export function page(list) {
  const rows = shallowRef([])
  createApp({ render: () => h(list, { rows: rows.value }) }).mount('#app')
  async function timed(next) {
    const began = performance.now()
    rows.value = next
    await nextTick()
    await drawn()
    return performance.now() - began
  }
  window.show = (count) => timed(orders(count))
  window.change = (nth) => timed(rows.value.map((row, place) => (place === nth ? { ...row, title: '改过的一行' } : row)))
}
