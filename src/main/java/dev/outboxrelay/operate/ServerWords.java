// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import dev.outboxrelay.store.Trouble;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What the server said when it refused a statement.
 *
 * @param state SQLSTATE, empty when there is none
 * @param message in one line
 * @param hint what to do, null when it does not say
 * @param constraint which constraint refused, null when none did
 */
public record ServerWords(
    String state, String message, @Nullable String hint, @Nullable String constraint) {

  public static ServerWords of(SQLException problem) {
    ServerErrorMessage said =
        problem instanceof PSQLException refused ? refused.getServerErrorMessage() : null;
    if (said == null) {
      return new ServerWords(Trouble.state(problem), Trouble.words(problem), null, null);
    }
    return new ServerWords(
        Trouble.state(problem),
        String.valueOf(said.getMessage()),
        said.getHint(),
        said.getConstraint());
  }

  /** The message and the hint. */
  public String withHint() {
    return hint == null ? message : message + ". " + hint;
  }
}
