/** What people are called whose accounts stand in records of the services; dispatch knows their names (S4.2a). */
import { useQuery } from '@tanstack/vue-query'
import { computed, type MaybeRefOrGetter, toValue } from 'vue'
import { dispatch, read } from '@/api/client'
import { person } from '@/session/session'

const MOST = 200

/** The name of an account; a unit learns only the names of its own people. */
export function useAccountNames(accounts: MaybeRefOrGetter<readonly (string | null | undefined)[]>) {
  const asked = computed(() => [...new Set(toValue(accounts).filter((one) => one != null && one !== 'system'))].sort().slice(0, MOST) as string[])
  const names = useQuery({
    queryKey: computed(() => ['account-names', asked.value]),
    enabled: computed(() => asked.value.length > 0),
    staleTime: 600_000,
    queryFn: ({ signal }) => read(dispatch.GET('/v1/account-names', { params: { query: { account: asked.value } }, signal })),
  })
  const known = computed(() => new Map(names.data.value?.map((one) => [one.account, one.name])))
  return (account: string | null | undefined): string => {
    if (account == null) return ''
    if (account === 'system') return '平台'
    const name = known.value.get(account)
    if (name !== undefined) return name
    // Until the names are there nothing is shown that would change at once.
    if (names.isPending.value) return '…'
    return person.value.unit === null ? account : '中心'
  }
}
