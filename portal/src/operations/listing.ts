/** A list that the platform gives page by page, and which of its rows is shown beside it. */
import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, type ComputedRef, type WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

interface Page<Row> {
  items: Row[]
  next?: string | null
}

/** What a page of a list is asked with. */
export function pageQuery(cursor: string | null, limit = 100): { limit: number; cursor?: string } {
  return { limit, ...(cursor === null ? {} : { cursor }) }
}

export function useListing<Row>(key: () => readonly unknown[], ask: (cursor: string | null, signal: AbortSignal) => Promise<Page<Row>>, every: number | false = 15_000) {
  const pages = useInfiniteQuery({
    queryKey: computed(() => ['operations', ...key()]),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    getNextPageParam: (page) => page.next ?? null,
    refetchInterval: every,
  })
  return {
    rows: computed<Row[]>(() => pages.data.value?.pages.flatMap((page) => page.items) ?? []),
    pending: pages.isPending,
    fault: pages.error,
    again: pages.refetch,
    whole: computed(() => !pages.hasNextPage.value),
    more: (): void => {
      if (pages.hasNextPage.value && !pages.isFetchingNextPage.value) void pages.fetchNextPage()
    },
  }
}

/** A word of the address, so that going back, reloading and sending a link show the same. */
export function useInAddress(name: string): WritableComputedRef<string | undefined> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const given = route.query[name]
      return typeof given === 'string' && given !== '' ? given : undefined
    },
    set: (value) => {
      const rest = Object.fromEntries(Object.entries(route.query).filter(([each]) => each !== name))
      void router.replace({ query: value === undefined ? rest : { ...rest, [name]: value } })
    },
  })
}

/** The tab of a part, the first one when the address names none; another tab shows nothing beside its list. */
export function useTab<Tab extends string>(tabs: readonly Tab[]): ComputedRef<Tab> & { value: Tab } {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => tabs.find((tab) => tab === route.query['tab']) ?? (tabs[0] as Tab),
    set: (value: Tab) => void router.push({ query: value === tabs[0] ? {} : { tab: value } }),
  })
}
