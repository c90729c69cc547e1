import type { Client, ClientRecord, User, UserRecord } from '../model/account.ts';
import type { AuditRecord } from '../model/audit-record.ts';

/** Read at each token request, so that the command line may write beside a running Hush. */
export interface AccountStore {
  user(name: string): Promise<User | undefined>;
  users(): Promise<User[]>;
  /** Writes the user and the audit row that says who did it, in one commit. */
  saveUser(user: UserRecord, audit: AuditRecord): Promise<void>;
  /** Returns false when there was none of that name, and nothing was written. */
  removeUser(name: string, audit: AuditRecord): Promise<boolean>;
  client(id: string): Promise<Client | undefined>;
  clients(): Promise<Client[]>;
  saveClient(client: ClientRecord, audit: AuditRecord): Promise<void>;
  removeClient(id: string, audit: AuditRecord): Promise<boolean>;
  /** Changes whenever a generation may have changed; cheap to read. */
  generationMark(): Promise<string>;
  /** Returns the generations of all users and clients, removed ones included, by name and by id. */
  generations(): Promise<{
    readonly users: ReadonlyMap<string, number>;
    readonly clients: ReadonlyMap<string, number>;
  }>;
}
