//! The database: the pool, the migrations, the schema as diesel sees it, and the private PostgreSQL. What is peculiar to
//! PostgreSQL itself (advisory locks and the like) stands here and nowhere else.

mod batches;
mod crowd;
mod first_rows;
mod fixed;
pub mod keyset;
mod known;
mod listen;
mod loan;
pub mod local;
mod lock;
mod migrations;
pub mod nodes;
mod numbers;
mod planner;
mod pool;
mod replicas;
pub mod schema;
mod sequence;
mod shared;
mod text_enum;
mod together;
mod transaction;
mod watch;

pub use batches::delete_in_batches;
pub use first_rows::{FirstRows, first_rows};
pub use fixed::{Fixed, fixed};
pub(crate) use known::known;
pub use known::{Known, Written};
pub use listen::listen;
pub use loan::Connection;
pub use lock::{hold_name, lock_table};
pub use migrations::{MIGRATIONS, MigrateError, check_version, migrate};
pub use numbers::any_of;
pub use planner::{look_at_all, look_up_by_key};
pub use pool::{BESIDE, Pool, PoolLimits, PoolLoad, connect};
pub use replicas::{NEAR, Replicas};
pub use sequence::skip_ids;
pub(crate) use text_enum::text_enum;
pub use together::Lookup;
pub use transaction::transaction;
