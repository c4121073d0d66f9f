// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import org.jspecify.annotations.Nullable;

/** Knows how some kinds of fault are made. */
interface FaultFamily {

  /** The fault, or null when it is of another family. */
  @Nullable Fault fault(FaultKind kind, Chance chance);
}
