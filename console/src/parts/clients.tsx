import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { DialogForm } from './dialog-form.tsx';
import { Listing, RemoveButton, RowButton } from './listing.tsx';
import { type NewSecret, Secret } from './secret.tsx';

export function Clients({ canChange }: { readonly canChange: boolean }) {
  const clients = useQuery('clients', () => session.client.request('GET /api/clients', {}));
  const [isAdding, setAdding] = useState(false);
  const [made, setMade] = useState<NewSecret>();
  /** @returns the reason for a failure */
  const save = async (id: string): Promise<string | undefined> => {
    const asked = { path: { id }, body: {} };
    const result = await session.client.request('PUT /api/clients/{id}', asked);
    if (!result.ok) return result.error.message;
    setMade({ of: id, secret: result.value.secret });
    setAdding(false);
    clients.again();
    return undefined;
  };
  return (
    <>
      {made && <Secret made={made} close={() => setMade(undefined)} />}
      <Listing
        title={texts.people.clients}
        hint={texts.people.clientsHint}
        asked={clients}
        columns={[texts.people.name, texts.people.since]}
        add={canChange ? () => setAdding(true) : undefined}
        rows={(clients.value?.items ?? []).map(({ id, createdAt }) => ({
          key: id,
          cells: [id, when(createdAt)],
          actions: canChange && (
            <>
              <SecretButton id={id} save={save} />
              <RemoveButton
                what={id}
                remove={() => session.client.request('DELETE /api/clients/{id}', { path: { id } })}
                done={clients.again}
              />
            </>
          ),
        }))}
      />
      <DialogForm
        title={texts.people.addClient}
        action={texts.people.save}
        isOpen={isAdding}
        close={() => setAdding(false)}
        run={(form) => save(String(form.get('client')).trim())}
      >
        <TextInput name="client" label={texts.people.name} required data-autofocus />
      </DialogForm>
    </>
  );
}

interface SecretButtonProps {
  readonly id: string;
  save(id: string): Promise<string | undefined>;
}

function SecretButton({ id, save }: SecretButtonProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <RowButton onClick={() => setOpen(true)}>{texts.people.newSecret}</RowButton>
      <DialogForm
        title={`${texts.people.newSecret}: ${id}? ${texts.people.oldSecretEnds}`}
        action={texts.people.newSecret}
        isGrave
        isOpen={isOpen}
        close={() => setOpen(false)}
        run={async () => {
          const problem = await save(id);
          if (problem === undefined) setOpen(false);
          return problem;
        }}
      />
    </>
  );
}
