// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

/** How the schema in the database stands to the migrations in this program. */
public enum SchemaState {
  /** Nothing has been applied, and nothing is in the way. */
  MISSING,
  /** Something waits to be applied. */
  OLDER,
  /** A later version of the program has migrated it. */
  NEWER,
  /** A schema of this name is there, and is not of this program's making. */
  FOREIGN,
  /** They are the same. */
  CURRENT
}
