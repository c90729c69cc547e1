import {
  Alert,
  Button,
  Center,
  Paper,
  PasswordInput,
  Stack,
  TextInput,
  Title,
} from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { session } from '../session.ts';
import { texts } from '../texts.ts';

export function SignInPage({ onSignedIn }: { onSignedIn(): void }) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    const refused = await session.signIn(String(form.get('user')), String(form.get('password')));
    setBusy(false);
    setProblem(refused);
    if (refused === undefined) onSignedIn();
  };
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={380}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Title order={1} size="h3">
              {texts.signIn.title}
            </Title>
            {problem && (
              <Alert color="red" role="alert">
                {problem}
              </Alert>
            )}
            <TextInput name="user" label={texts.signIn.user} autoComplete="username" required />
            <PasswordInput
              name="password"
              label={texts.signIn.password}
              autoComplete="current-password"
              required
            />
            <Button type="submit" loading={isBusy}>
              {texts.signIn.submit}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
