package dev.outboxrelay.store;

/** How the schema in the database stands to the migrations in this program. */
public enum SchemaState {
  /** Nothing has been applied. */
  MISSING,
  /** Something waits to be applied. */
  OLDER,
  /** A later version of the program has migrated it. */
  NEWER,
  /** They are the same. */
  CURRENT
}
