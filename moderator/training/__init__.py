"""Labels in, bundle out: files in, folder out. The only package that may import scikit-learn, scipy or joblib."""
