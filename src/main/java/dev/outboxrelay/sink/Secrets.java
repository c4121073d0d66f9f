// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink;

/** Secrets that a destination's options name, and never hold. */
public interface Secrets {

  /** There are none. */
  Secrets NONE =
      (name, host) -> {
        throw new IllegalArgumentException(
            "the secret '" + name + "' is needed: give its directory by --secrets-dir");
      };

  /**
   * Reads a secret as it is now. Blocks.
   *
   * @param name as the options give it
   * @param host where what is made of it will be sent
   * @return without white space at its ends, not empty
   * @throws IllegalArgumentException when there is none, in words that do not show it
   */
  String read(String name, String host);
}
