/** The accounts of the sample district.  A platform without sample data has none to show. */
import { learnNow } from '@/api/now'

export interface SampleAccount {
  account: string
  password: string
  name: string
  /** What the person does, in Chinese. */
  title: string
  unit: string | null
}

export async function sampleAccounts(): Promise<readonly SampleAccount[]> {
  try {
    const answer = await fetch('/sample/accounts')
    learnNow(answer.headers)
    return answer.status === 200 ? ((await answer.json()) as { accounts: SampleAccount[] }).accounts : []
  } catch {
    return []
  }
}
