import '@/older'
import '@/kit/tokens.css'
import '@/kit/base.css'
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from '@/App.vue'
import { Refusal } from '@/api/refusal'
import { router } from '@/router'
import { applyLook } from '@/session/look'

applyLook()

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal says the same however often it is asked; only what did not arrive is asked again.
      retry: (times, fault) => times < 2 && !(fault instanceof Refusal && !fault.unknown),
      retryDelay: (times) => Math.min(500 * 2 ** times, 4_000),
    },
  },
})

createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
