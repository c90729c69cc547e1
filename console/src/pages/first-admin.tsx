import {
  Alert,
  Anchor,
  Button,
  Center,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { session } from '../session.ts';
import { texts } from '../texts.ts';

/** Creates the first admin with the code that only the operator of Hush can read. */
export function FirstAdminPage({ onSignedIn }: { onSignedIn(): void }) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [code, name, password] = ['code', 'user', 'password'].map((field) =>
      String(form.get(field)),
    ) as [string, string, string];
    setBusy(true);
    const refused = await session.becomeFirstAdmin({ code, name, password });
    setBusy(false);
    setProblem(refused);
    if (refused !== undefined) return;
    location.hash = '#/live';
    onSignedIn();
  };
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Title order={1} size="h3">
              {texts.firstAdmin.title}
            </Title>
            <Text size="sm">{texts.firstAdmin.hint}</Text>
            {problem && (
              <Alert color="red" role="alert">
                {problem}
              </Alert>
            )}
            <TextInput name="code" label={texts.firstAdmin.code} autoComplete="off" required />
            <TextInput name="user" label={texts.signIn.user} autoComplete="username" required />
            <PasswordInput
              name="password"
              label={texts.signIn.password}
              description={texts.firstAdmin.password}
              autoComplete="new-password"
              minLength={12}
              required
            />
            <Button type="submit" loading={isBusy}>
              {texts.firstAdmin.submit}
            </Button>
            <Anchor href="#/live" underline="always">
              {texts.signIn.back}
            </Anchor>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
