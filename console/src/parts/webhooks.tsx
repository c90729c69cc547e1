import type { Operations, Result } from '@hush/client';
import { Badge, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { namesIn, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { DialogForm } from './dialog-form.tsx';
import { Listing, RemoveButton, RowButton } from './listing.tsx';
import { type NewSecret, Secret } from './secret.tsx';

type Webhook = Operations['GET /api/webhooks']['answer']['items'][number];
interface Listed extends Webhook {
  readonly deadLetters: Operations['GET /api/webhooks/{name}/dead-letters']['answer'];
}

const MAX_DEAD_LETTERS = 50;

export function Webhooks({ canChange }: { readonly canChange: boolean }) {
  const webhooks = useQuery('webhooks', listWebhooks);
  const [edited, setEdited] = useState<Webhook | 'new'>();
  const [made, setMade] = useState<NewSecret>();
  return (
    <>
      {made && <Secret made={made} close={() => setMade(undefined)} />}
      <Listing
        title={texts.people.webhooks}
        hint={texts.people.webhooksHint}
        asked={webhooks}
        columns={[texts.people.name, texts.people.url, texts.people.uccs, texts.live.state]}
        add={canChange ? () => setEdited('new') : undefined}
        rows={(webhooks.value ?? []).map((webhook) => ({
          key: webhook.name,
          cells: [
            webhook.name,
            webhook.url,
            webhook.uccs.length === 0 ? texts.people.allUccs : webhook.uccs.join(', '),
            <State key="state" webhook={webhook} />,
          ],
          actions: canChange && (
            <>
              <RowButton onClick={() => setEdited(webhook)}>{texts.people.change}</RowButton>
              <RedeliverButton webhook={webhook} done={webhooks.again} />
              <RemoveButton
                what={webhook.name}
                remove={() => {
                  const asked = { path: { name: webhook.name } };
                  return session.client.request('DELETE /api/webhooks/{name}', asked);
                }}
                done={webhooks.again}
              />
            </>
          ),
        }))}
      />
      <WebhookDialog
        key={edited === 'new' ? 'new' : edited?.name}
        edited={edited}
        close={() => setEdited(undefined)}
        saved={(secret) => {
          setMade(secret);
          webhooks.again();
        }}
      />
    </>
  );
}

/** Lists webhooks with their dead letters. */
async function listWebhooks(): Promise<Result<readonly Listed[]>> {
  const listed = await session.client.request('GET /api/webhooks', {});
  if (!listed.ok) return listed;
  const webhooks: Listed[] = [];
  for (const webhook of listed.value.items) {
    const asked = { path: { name: webhook.name }, query: { limit: MAX_DEAD_LETTERS } };
    const letters = await session.client.request('GET /api/webhooks/{name}/dead-letters', asked);
    if (!letters.ok) return letters;
    webhooks.push({ ...webhook, deadLetters: letters.value });
  }
  return { ok: true, value: webhooks };
}

function State({ webhook: { enabled, deadLetters } }: { readonly webhook: Listed }) {
  const { items, nextCursor } = deadLetters;
  const last = items.at(-1);
  return (
    <>
      <Badge color={enabled ? 'teal.9' : 'gray.7'} variant="light" radius="sm" tt="none">
        {enabled ? texts.people.enabled : texts.people.disabled}
      </Badge>
      {last && (
        <Text size="sm" c="var(--mantine-color-error)">
          {items.length}
          {nextCursor === null ? '' : '+'} {texts.people.deadLetters}: {last.reason},{' '}
          {when(last.failedAt)}
        </Text>
      )}
    </>
  );
}

interface RedeliverButtonProps {
  readonly webhook: Listed;
  done(): void;
}

function RedeliverButton({ webhook, done }: RedeliverButtonProps) {
  const [isOpen, setOpen] = useState(false);
  if (webhook.deadLetters.items.length === 0) return null;
  return (
    <>
      <RowButton onClick={() => setOpen(true)}>{texts.people.redeliver}</RowButton>
      <DialogForm
        title={`${texts.people.redeliver}: ${webhook.name}?`}
        action={texts.people.redeliver}
        isOpen={isOpen}
        close={() => setOpen(false)}
        run={async () => {
          const asked = { path: { name: webhook.name } };
          const route = 'POST /api/webhooks/{name}/dead-letters/redeliver';
          const result = await session.client.request(route, asked);
          if (!result.ok) return result.error.message;
          setOpen(false);
          done();
          return undefined;
        }}
      />
    </>
  );
}

interface WebhookDialogProps {
  readonly edited: Webhook | 'new' | undefined;
  close(): void;
  /** Called with the generated secret, if there is one. */
  saved(secret: NewSecret | undefined): void;
}

function WebhookDialog({ edited, close, saved }: WebhookDialogProps) {
  const webhook = edited === 'new' ? undefined : edited;
  return (
    <DialogForm
      title={webhook ? `${texts.people.change}: ${webhook.name}` : texts.people.addWebhook}
      action={texts.people.save}
      isOpen={edited !== undefined}
      close={close}
      run={async (form) => {
        const name = webhook?.name ?? String(form.get('name')).trim();
        const uccs = namesIn(String(form.get('uccs')));
        const enabled = form.get('enabled') !== null;
        const body = { url: String(form.get('url')).trim(), uccs, enabled };
        const asked = { path: { name }, body };
        const result = await session.client.request('PUT /api/webhooks/{name}', asked);
        if (!result.ok) return result.error.message;
        const { secret } = result.value as { secret?: string };
        saved(secret === undefined ? undefined : { of: name, secret });
        close();
        return undefined;
      }}
    >
      {!webhook && <TextInput name="name" label={texts.people.name} required data-autofocus />}
      <TextInput
        name="url"
        type="url"
        label={texts.people.url}
        placeholder="https://crm.example.com/hush"
        defaultValue={webhook?.url}
        required
      />
      <TextInput
        name="uccs"
        label={texts.people.uccs}
        description={texts.people.webhookUccsHint}
        defaultValue={webhook?.uccs.join(', ')}
      />
      <Switch
        name="enabled"
        label={texts.people.enabled}
        defaultChecked={webhook?.enabled ?? true}
      />
    </DialogForm>
  );
}
