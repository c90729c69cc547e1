import { Stack, Table, Text, Title } from '@mantine/core';
import { Clients } from '../parts/clients.tsx';
import { Users } from '../parts/users.tsx';
import { Webhooks } from '../parts/webhooks.tsx';
import type { Permission } from '../session.ts';
import { texts } from '../texts.ts';

/** Users, clients and webhooks. */
export function PeoplePage({ may }: { may(permission: Permission): boolean }) {
  return (
    <Stack gap="xl">
      <Title order={1} size="h2">
        {texts.nav.people}
      </Title>
      {may('readPeople') && <Users canChange={may('changePeople')} />}
      {may('readPeople') && <Clients canChange={may('changePeople')} />}
      {may('readWebhooks') && <Webhooks canChange={may('changeWebhooks')} />}
      <Roles />
    </Stack>
  );
}

function Roles() {
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {texts.people.role}
      </Title>
      <Table maw={720}>
        <Table.Tbody>
          {Object.entries(texts.people.roles).map(([role, { name, may }]) => (
            <Table.Tr key={role}>
              <Table.Td fw={600}>{name}</Table.Td>
              <Table.Td>
                <Text size="sm">{may}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
