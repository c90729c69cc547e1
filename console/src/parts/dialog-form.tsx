import { Alert, Button, Group, Modal, Stack, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { texts } from '../texts.ts';

interface DialogFormProps {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  /** True when the action cannot be undone. */
  readonly isGrave?: boolean;
  readonly children?: ReactNode;
  close(): void;
  /** @returns the reason for a failure */
  run(form: FormData): Promise<string | undefined>;
}

/** A dialog with fields; it stays open and shows the reason if its action fails. */
export function DialogForm(props: DialogFormProps) {
  const { title, action, isOpen, isGrave = false, children, close, run } = props;
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  return (
    <Modal.Root opened={isOpen} onClose={close}>
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        <Modal.Body>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              setBusy(true);
              void run(new FormData(event.currentTarget)).then((refused) => {
                setBusy(false);
                setProblem(refused);
              });
            }}
          >
            <Stack>
              <Title order={2} size="h4">
                {title}
              </Title>
              {problem && (
                <Alert color="red" role="alert">
                  {problem}
                </Alert>
              )}
              {children}
              <Group justify="end">
                <Button variant="default" onClick={close}>
                  {texts.cancel}
                </Button>
                <Button type="submit" loading={isBusy} {...(isGrave ? { color: 'red.9' } : {})}>
                  {action}
                </Button>
              </Group>
            </Stack>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
