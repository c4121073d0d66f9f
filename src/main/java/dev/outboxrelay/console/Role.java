// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.util.Arrays;
import java.util.Optional;

/** What the owner of a token may do. */
enum Role {
  /** Looks at everything, changes nothing. */
  READ_ONLY("read-only"),
  /** Requeues, discards, pauses and resumes too. */
  OPERATOR("operator");

  private final String word;

  Role(String word) {
    this.word = word;
  }

  /** As it stands in the file of tokens. */
  String word() {
    return word;
  }

  static Optional<Role> of(String word) {
    return Arrays.stream(values()).filter(role -> role.word.equals(word)).findFirst();
  }
}
