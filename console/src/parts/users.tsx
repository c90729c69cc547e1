import type { Operations } from '@hush/client';
import { Checkbox, Group, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { namesIn, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { DialogForm } from './dialog-form.tsx';
import { Listing, RemoveButton, RowButton } from './listing.tsx';

type User = Operations['GET /api/users']['answer']['items'][number];
type UserSettings = Operations['PUT /api/users/{name}']['body'];
type RoleName = UserSettings['roles'][number];
const roleNames = Object.keys(texts.people.roles) as RoleName[];

export function Users({ canChange }: { readonly canChange: boolean }) {
  const users = useQuery('users', () => session.client.request('GET /api/users', {}));
  const [edited, setEdited] = useState<User | 'new'>();
  return (
    <>
      <Listing
        title={texts.people.users}
        hint={texts.people.usersHint}
        asked={users}
        columns={[texts.people.name, texts.people.role, texts.people.uccs, texts.people.since]}
        add={canChange ? () => setEdited('new') : undefined}
        rows={(users.value?.items ?? []).map((user) => ({
          key: user.name,
          cells: [
            user.name,
            user.roles.map((role) => texts.people.roles[role].name).join(', '),
            user.uccs.join(', '),
            when(user.createdAt),
          ],
          actions: canChange && (
            <>
              <RowButton onClick={() => setEdited(user)}>{texts.people.change}</RowButton>
              <RemoveButton
                what={user.name}
                remove={() =>
                  session.client.request('DELETE /api/users/{name}', { path: { name: user.name } })
                }
                done={users.again}
              />
            </>
          ),
        }))}
      />
      <UserDialog
        key={edited === 'new' ? 'new' : edited?.name}
        edited={edited}
        close={() => setEdited(undefined)}
        saved={users.again}
      />
    </>
  );
}

interface UserDialogProps {
  readonly edited: User | 'new' | undefined;
  close(): void;
  saved(): void;
}

function UserDialog({ edited, close, saved }: UserDialogProps) {
  const isNew = edited === 'new';
  const user = edited === 'new' ? undefined : edited;
  return (
    <DialogForm
      title={isNew ? texts.people.addUser : `${texts.people.change}: ${user?.name ?? ''}`}
      action={texts.people.save}
      isOpen={edited !== undefined}
      close={close}
      run={async (form) => {
        const name = user?.name ?? String(form.get('name')).trim();
        const asked = { path: { name }, body: settingsOf(form) };
        const result = await session.client.request('PUT /api/users/{name}', asked);
        if (!result.ok) return result.error.message;
        saved();
        close();
        return undefined;
      }}
    >
      {isNew && <TextInput name="name" label={texts.people.name} required data-autofocus />}
      <PasswordInput
        name="password"
        label={isNew ? texts.people.password : texts.people.newPassword}
        description={texts.people.passwordHint}
        autoComplete="new-password"
        required={isNew}
      />
      <Checkbox.Group label={texts.people.role} defaultValue={[...(user?.roles ?? [])]}>
        <Group gap="xs" mt={4}>
          {roleNames.map((role) => (
            <Checkbox
              key={role}
              name={`role-${role}`}
              value={role}
              label={texts.people.roles[role].name}
            />
          ))}
        </Group>
      </Checkbox.Group>
      <TextInput
        name="uccs"
        label={texts.people.uccs}
        description={texts.people.uccsHint}
        defaultValue={user?.uccs.join(', ')}
      />
      <TextInput
        name="sipUri"
        label={texts.people.sipUri}
        description={texts.people.sipUriHint}
        placeholder="sip:eva@domain.com"
        defaultValue={user?.sipUri ?? ''}
      />
    </DialogForm>
  );
}

function settingsOf(form: FormData): UserSettings {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  return {
    roles: roleNames.filter((role) => form.get(`role-${role}`) !== null),
    uccs: namesIn(text('uccs')),
    sipUri: text('sipUri') || null,
    ...(form.get('password') ? { password: String(form.get('password')) } : {}),
  };
}
