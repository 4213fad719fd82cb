/** Which contact on record a reply tells of.  The pre-check decides about differences; this only helps the eye. */

interface Said {
  contact_at: string | null
  contact_phone: string
}

interface Recorded {
  contacted_at: string
  phone: string | null
}

const minuteOf = (moment: string): number => Math.floor(Date.parse(moment) / 60_000)
const digitsOf = (phone: string): string => phone.replace(/\D/g, '')

/** Whether the reply names this contact's minute and number. */
export function tellsOf(reply: Said, contact: Recorded): boolean {
  if (reply.contact_at === null || contact.phone === null) return false
  const digits = digitsOf(reply.contact_phone)
  return digits !== '' && digits === digitsOf(contact.phone) && minuteOf(reply.contact_at) === minuteOf(contact.contacted_at)
}
