import type { HushError } from '@hush/client';
import { AppShell, Burger, Button, Center, Group, Loader, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useCallback, useEffect, useState } from 'react';
import { CallPage } from './pages/call.tsx';
import { DemoPage } from './pages/demo.tsx';
import { HealthPage } from './pages/health.tsx';
import { LivePage } from './pages/live.tsx';
import { PeoplePage } from './pages/people.tsx';
import { RecordingPage } from './pages/recording.tsx';
import { RecordingsPage } from './pages/recordings.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { UccsPage } from './pages/uccs.tsx';
import { Failed } from './parts/notes.tsx';
import { type Route, useRoute } from './route.ts';
import { type Me, type Permission, session } from './session.ts';
import { texts } from './texts.ts';

/** Each is there for who may use it. */
const pages: readonly { page: keyof typeof texts.nav; needs: Permission }[] = [
  { page: 'live', needs: 'readCalls' },
  { page: 'recordings', needs: 'readRecordings' },
  { page: 'health', needs: 'readAssurance' },
  { page: 'uccs', needs: 'readUccs' },
  { page: 'people', needs: 'readWebhooks' },
  { page: 'demo', needs: 'listen' },
];

export function App() {
  const [me, setMe] = useState<Me>();
  const [error, setError] = useState<HushError>();
  const [refused, setRefused] = useState<string>();
  const look = useCallback(async () => {
    const back = await session.comeBack();
    if (back.problem !== undefined) setRefused(back.problem);
    const result = await session.client.request('GET /api/me', {});
    setMe(result.ok ? result.value : undefined);
    setError(result.ok ? undefined : result.error);
    if (result.ok) setRefused(undefined);
    else if (back.isBack && isRefusal(result.error)) setRefused(texts.signIn.notAccepted);
  }, []);
  useEffect(() => {
    void look();
    return session.onSignedOut(() => void look());
  }, [look]);
  if (me) return <Shell me={me} />;
  if (error && isRefusal(error)) {
    return <SignInPage refused={refused} onSignedIn={() => void look()} />;
  }
  return (
    <Center component="main" mih="100dvh" p="md">
      {error ? (
        <Failed error={error} again={() => void look()} />
      ) : (
        <Loader aria-label={texts.title} />
      )}
    </Center>
  );
}

function isRefusal(error: HushError): boolean {
  return error.kind === 'http' && [401, 403].includes(error.status);
}

function Shell({ me }: { readonly me: Me }) {
  const route = useRoute();
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { page } = route;
  // Who has several tabs, or hears the page, is told which of them this is.
  useEffect(() => {
    const name = page in texts.nav ? texts.nav[page as keyof typeof texts.nav] : texts.call.title;
    document.title = `${name} · ${texts.title}`;
  }, [page]);
  const may = useCallback((permission: Permission) => me.permissions.includes(permission), [me]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={texts.menu}
            />
            <Text fw={700} size="lg">
              <span aria-hidden="true">❚❚</span> {texts.title}
            </Text>
          </Group>
          <Group gap="sm" wrap="nowrap">
            <Text size="sm" c="dimmed" truncate>
              {me.isAnonymous ? texts.signIn.anonymous : me.name}
            </Text>
            {!me.isAnonymous && (
              <Button size="compact-sm" variant="default" onClick={() => session.signOut()}>
                {texts.signIn.out}
              </Button>
            )}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        {pages
          .filter(({ needs }) => may(needs))
          .map(({ page }) => (
            <NavLink
              key={page}
              href={`#/${page}`}
              label={texts.nav[page]}
              active={route.page === page}
              variant="filled"
              aria-current={route.page === page ? 'page' : undefined}
              onClick={close}
            />
          ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Page route={route} may={may} />
      </AppShell.Main>
    </AppShell>
  );
}

function Page({ route, may }: { readonly route: Route; may(permission: Permission): boolean }) {
  switch (route.page) {
    case 'calls':
      return <CallPage key={route.id} id={route.id ?? ''} may={may} />;
    case 'recordings':
      return route.id ? (
        <RecordingPage
          key={`${route.id}?${route.query}`}
          id={route.id}
          startAt={Number(route.query.get('t') ?? 0)}
          may={may}
        />
      ) : (
        <RecordingsPage />
      );
    case 'health':
      return <HealthPage may={may} />;
    case 'uccs':
      return <UccsPage canChange={may('changeUccs')} />;
    case 'people':
      return <PeoplePage may={may} />;
    case 'demo':
      return <DemoPage />;
    default:
      return <LivePage canCommand={may('command')} />;
  }
}
