@NullMarked
package dev.outboxrelay.relay.ordering;

import org.jspecify.annotations.NullMarked;
