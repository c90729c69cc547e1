import { createHush, guardFields } from '@hush/client';

// A page of yours knows both: from its configuration, and from who has signed in.
const asked = new URLSearchParams(location.search);
const hush = createHush({ url: asked.get('hush') ?? 'http://127.0.0.1:8080' });
const agent = asked.get('agent') ?? 'sip:agent@domain.com';

const form = document.querySelector('form');

// Shut from here on, and open only while Hush confirms that this agent's one call is not recorded.
guardFields(form, () => hush.calls.ofAgent(agent), { reason: 'card entry' });

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // Here the card goes to your payment provider, and nowhere else.
  form.reset();
  document.querySelector('#outcome').textContent = 'Paid.';
});
