import { watch } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { PLACES } from '@/places'
import { known, session } from '@/session/session'

const RELOADED = 'gongdan.reloaded'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('@/session/SignInPage.vue'), meta: { title: '登录', outside: true } },
    ...PLACES.map((place) => ({ path: place.path, name: place.name, component: place.page, meta: { title: place.title } })),
    // For developers, also where only Python is: what it shows is the portal that is served.  No page leads there.
    { path: '/kit', name: 'kit', component: () => import('@/kit/page/KitPage.vue'), meta: { title: '控件', outside: true } },
    { path: '/:rest(.*)*', name: 'unknown', component: () => import('@/shell/UnknownPage.vue'), meta: { title: '没有这个页面' } },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta['outside'] === true || (await known())) return true
  return { name: 'sign-in', query: { next: to.fullPath } }
})

router.afterEach((to) => {
  document.title = typeof to.meta['title'] === 'string' ? `${to.meta['title']} · 工单` : '工单'
})

// An old tab after an upgrade asks for a part of the portal that is gone: load the new portal once, at the page asked for.
router.onError((fault: unknown, to: RouteLocationNormalized) => {
  if (!/dynamically imported module|Importing a module|Unable to preload/.test(String(fault))) return
  if (sessionStorage.getItem(RELOADED) === to.fullPath) return
  sessionStorage.setItem(RELOADED, to.fullPath)
  window.location.assign(to.fullPath)
})

watch(
  () => session.person,
  (person) => {
    const here = router.currentRoute.value
    if (person === null && here.meta['outside'] !== true) void router.push({ name: 'sign-in', query: { next: here.fullPath } })
  },
)

/** Where to go after the sign-in: a page of ours only. */
export function nextOf(query: unknown): string {
  return typeof query === 'string' && /^\/(?![/\\])/.test(query) ? query : '/'
}
