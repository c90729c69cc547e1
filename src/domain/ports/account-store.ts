import type { Client, ClientRecord, User, UserRecord } from '../model/account.ts';
import type { AuditRecord } from '../model/audit-record.ts';

/** Read at each token request, so that the command line may write beside a running Hush. */
export interface AccountStore {
  user(name: string): Promise<User | undefined>;
  users(): Promise<User[]>;
  /** With the row of the audit log that says who did it, in one commit. */
  saveUser(user: UserRecord, audit: AuditRecord): Promise<void>;
  /** False: there was none of that name, and nothing was written. */
  removeUser(name: string, audit: AuditRecord): Promise<boolean>;
  client(id: string): Promise<Client | undefined>;
  clients(): Promise<Client[]>;
  saveClient(client: ClientRecord, audit: AuditRecord): Promise<void>;
  removeClient(id: string, audit: AuditRecord): Promise<boolean>;
  /** Another text whenever a generation may have changed; cheap to ask for. */
  generationMark(): Promise<string>;
  /** Of everybody, those who were removed among them, by name and by id. */
  generations(): Promise<{
    readonly users: ReadonlyMap<string, number>;
    readonly clients: ReadonlyMap<string, number>;
  }>;
}
