@NullMarked
package dev.outboxrelay.relay;

import org.jspecify.annotations.NullMarked;
