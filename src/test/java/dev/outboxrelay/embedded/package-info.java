/** Tests of the embedded PostgreSQL. */
@NullMarked
package dev.outboxrelay.embedded;

import org.jspecify.annotations.NullMarked;
