// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.SchemaState;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What ends a run that nobody stops, in words and an exit code. Safe for threads. */
final class Ending implements RelayEvents {
  private final DatabaseAccess access;
  private final Optional<CredentialsCopy> copy;
  private final CompletableFuture<UserError> decided = new CompletableFuture<>();

  Ending(DatabaseAccess access, Optional<CredentialsCopy> copy) {
    this.access = access;
    this.copy = copy;
  }

  /** Completes when the run has to end. */
  CompletableFuture<UserError> decided() {
    return decided;
  }

  @Override
  public void connected() {
    copy.ifPresent(CredentialsCopy::accepted);
  }

  @Override
  public void loginRefused(String reason) {
    copy.flatMap(c -> c.refused(reason)).ifPresent(decided::complete);
  }

  @Override
  public void cannotGoOn(SchemaState schema) {
    decided.complete(SchemaProblem.of(schema, access));
  }
}
